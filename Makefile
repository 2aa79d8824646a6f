# Every target calls a script of tools/, which may as well be called by itself.
.DEFAULT_GOAL := help
.PHONY: help run demo test bench lint format lock vendor messages clean

PORT ?= 8000
export PORT

help: ## list what make can do here
	@sed -n 's/^\([a-z]*\): ## /make \1	/p' Makefile

run: ## the demo district in the browser, on port 8000 or PORT=
	@tools/run serve

demo: ## the same without serving: the main job and its summary
	@tools/run demo

test: ## everything that must hold: checks, types, tests on SQLite and PostgreSQL, browser
	@tools/test

bench: ## measure against hand-written SQL; sizes by N="10000 100000", parts by ONLY=feeds,desk
	@ONLY="$(ONLY)" tools/bench $(N)

lint: ## the checks of `make test` that read the code only
	@tools/test --lint

format: ## let ruff put the code in order
	@tools/format

lock: ## compile requirements/*.in to the lock files
	@tools/lock

vendor: ## fetch the pages' front-end files again
	@tools/vendor

messages: ## collect the pages' texts and compile the translations
	@tools/messages

clean: ## remove what the other targets made, except the database
	@tools/clean
