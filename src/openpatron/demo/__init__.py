"""The demo district: fictional people in a fictional district, made by rule, for showing and measuring."""
