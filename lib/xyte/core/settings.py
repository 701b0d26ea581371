"""The settings of one device, as the agent uses them. What they may be is said in settings_rules.py."""


class Settings:
    """One attribute for each key of the settings file. values: dict with all keys, checked."""

    entry_url: str
    hardware_key: str
    sn: str
    mac: str  # aa:bb:cc:dd:ee:ff
    cloud_id: str
    name: str
    sub_model: str
    telemetry_interval_s: int
    ca_files: list  # paths
    update_keys: list  # paths
    update_command: str
    follow_latest: bool
    wifi: list  # of {"ssid", "key", "ip", "mask", "gateway", "dns"}, all but the first optional
    hostname: str
    link_reset_s: int
    setup_password: str
    setup_pin: int
    setup_after_s: int
    log_level: str
    development_hosts: list

    def __init__(self, values):
        for key in values:
            setattr(self, key, values[key])
