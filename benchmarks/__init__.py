"""Figures as ratios to a floor that is measured in the same run; see docs/performance.md."""
