"""A Xyte cloud on this machine: entry host, hub, operator API and a control panel for tests.

Layers, each importing only what stands above it:

    answers, defaults, settings, store, validation     plain rules and storage
    records/                                           what the database holds, and the rules on it
    device_api/, operator_api/, control_api            the HTTP calls, one module a subject
    journal, faults, app, wire, server                 from sockets to calls
    cli | process                                      the command, and the same for tests and the demo
"""
