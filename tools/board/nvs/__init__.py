"""ESP-IDF's non-volatile storage: its on-flash format, its order of writes, its recovery at mount.

Behaviour of `components/nvs_flash/src` in ESP-IDF 5.5: `item` < `page` < `pages` < `storage`.
"""
