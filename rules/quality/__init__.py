"""Quality gates 数据质量: which values may reach a rule, and which sensors give bad ones."""
