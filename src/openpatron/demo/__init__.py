"""The demo district: fictional people, made by rule, for showing and measuring.

``district`` says what there is, ``people`` makes it, ``load`` writes it.
"""
