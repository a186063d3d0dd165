"""Orders of other systems: whatever they look like, they become one canonical order 标准工单."""
