"""Evaluation 考核评价: indicators with their formulas, targets and rows, over cases as they stood."""
