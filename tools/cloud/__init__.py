"""A Xyte cloud on this machine: entry host, hub, file host, operator API and a control panel for tests.

Layers, each importing only what stands above it:

    answers, contents, defaults, settings, store, validation      plain rules and storage
    records/                                                      what the database holds, and the rules on it
    connections, faults, journal, rate_limit, served, state       what one running cloud owns
    addresses, device_api/, operator_api/, control_*, downloads   the HTTP calls, one module a subject
    spoilt, *_faults, fault_actions, recorder, app, wire, server  from sockets to calls
    cli | process                                                 the command, and the same for tests and the demo
"""
