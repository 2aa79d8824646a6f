"""The one mechanism: plan, confirm, apply, summary, undo.

Job and Change hold it, ``engine.py`` runs it, ``kinds.py`` says what a kind of job has to bring.
"""
