"""Invented words of the synthetic network: faults, prose, names and config text.

Data only. Every name is made up, addresses come from private and documentation
ranges, and vendors are named only as makers of the devices whose text is imitated.
"""
