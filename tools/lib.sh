# Shared by the scripts that run before there is a .venv. Sourced, not run; POSIX sh.

NEW_ENOUGH='(3, 12)'
ANY='(3, 8)'
PIP_FLAGS='-qq --disable-pip-version-check --no-input --no-warn-script-location --root-user-action=ignore'

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 2
}

# usable PYTHON [VERSION]: does it run, is it new enough, and has it what we need?
usable() {
    "$1" -c "import sys, ssl, sqlite3, venv; sys.exit(sys.version_info < ${2:-$NEW_ENOUGH})" >/dev/null 2>&1
}

# find_python VERSION: prints the first Python that really runs. A name on PATH proves nothing:
# pyenv puts a python3.13 there that only says 'command not found' unless it is selected.
find_python() {
    for name in python3.13 python3.12 python3.14 python3 python; do
        # Every folder of PATH, not only the first: a broken shim may hide a good one. Then
        # where a Python may be without being on PATH. (? stands for a space in a folder's name.)
        for folder in $(echo "$PATH" | tr ' :' '? ') /usr/local/bin /usr/bin \
            "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin; do
            if usable "$folder/$name" "$1"; then
                echo "$folder/$name"
                return 0
            fi
        done
    done
    return 1
}

# make_venv PYTHON FOLDER. Debian ships its Python without the parts that make environments.
make_venv() {
    rm -rf "$2"
    "$1" -m venv "$2" >/dev/null 2>&1 && return 0
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    tools/packages "python$version-venv" || exit 2
    rm -rf "$2"
    "$1" -m venv "$2" >&2 || die "$1 cannot make a virtual environment in $2."
}
