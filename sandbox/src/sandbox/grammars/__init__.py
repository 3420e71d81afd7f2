"""What AWS reads inside of texts and lists: policies, patterns of events, schedules, dashboards, lifecycles, containers.

The aws stand-in asks of a resource before it is made, the emulator of every call.
"""
