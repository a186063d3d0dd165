"""The fleet: registry of devices and boxes, desired configuration, enrolment, presence."""
