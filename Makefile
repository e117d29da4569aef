# run · test · soak · bench · bench-county · bench-link · openapi · fmt: all that is done with this workspace.

# Where `make run` keeps its county, and how its program is built (see docs of Cargo profiles): dev or release.
DATA ?= data
PROFILE ?= dev

program = $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/heshan-grid

# With the whole workspace's features, so that the tests' dependencies are not built a second time.
build = cargo build --locked --workspace --bin heshan-grid

.PHONY: help run test soak fmt-check lint doc tests bench bench-county bench-link openapi fmt

help:
	@echo 'make run      a working county of invented people in ./$(DATA), served with its accounts printed'
	@echo 'make test     the whole check: format, lints, docs, licences, every test on SQLite and PostgreSQL'
	@echo 'make soak     the long check: 100,000 simulated runs of sync, a million damaged changes and edits, the program too'
	@echo 'make bench    measures the release build, see bench/README.md; DATABASE=postgresql for PostgreSQL'
	@echo 'make bench-county  measures a generated county of PERSONS people: register and lists (needs python3)'
	@echo 'make bench-link  links generated counties of PERSONS people (SEED) and scores what was found (needs python3)'
	@echo 'make openapi  rewrites openapi.yaml from the program'
	@echo 'make fmt      formats the code'

run:
	@scripts/check-toolchain
	$(build) --profile $(PROFILE)
	@mkdir -p $(DATA)
	HESHAN_DATA=$(DATA) $(program) demo
	HESHAN_DATA=$(DATA) exec $(program) serve

# Licences, layers and file lengths are tests as well: see tests/tests/all.
test: fmt-check lint doc tests

fmt-check:
	@scripts/check-toolchain
	@scripts/postgres-bin >/dev/null
	@scripts/check-node
	cargo fmt --all --check

lint: fmt-check
	cargo clippy --locked --workspace --all-targets -- -D warnings

doc: lint
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

tests: doc
	cargo test --locked --workspace --no-run
	scripts/with-postgres cargo test --locked --workspace

# What `make test` plays a little of; SIM_SEED and FUZZ_SEED begin elsewhere.
soak:
	@scripts/check-toolchain
	SIM_RUNS=100000 FUZZ_CASES=1000000 LAWS_CASES=20000 HAND_OVER_STEPS=7 \
		cargo test --locked --release -p sync --test record -- simulator gate laws epochs handing_over
	cargo test --locked --release --workspace --no-run
	PROGRAM_RUNS=5000 PROGRAM_RACES=300 \
		scripts/with-postgres cargo test --locked --release --workspace --test all -- simulated

# sqlite, or postgresql: a server of the run's own, which waits for the disk as one in use does.
DATABASE ?= sqlite
release = $(or $(CARGO_TARGET_DIR),target)/release
measure = $(release)/bench run --beside $(or $(CARGO_TARGET_DIR),target)

bench:
	@scripts/check-toolchain
	cargo build --locked --release -p api -p bench
ifeq ($(DATABASE),postgresql)
	HESHAN_TEST_POSTGRES_FSYNC=on scripts/with-postgres sh -c '$(measure) --postgres "$$HESHAN_TEST_POSTGRES"'
else
	$(measure)
endif

# A generated county of PERSONS people: its register and lists from upload to committed, with time and memory.
PERSONS ?= 100000
SEED ?= 784001
generated = $(or $(CARGO_TARGET_DIR),target)/county-$(PERSONS)-$(SEED)
measure_county = $(release)/bench county --data $(generated) --beside $(or $(CARGO_TARGET_DIR),target)

bench-county: $(generated)
	@scripts/check-toolchain
	cargo build --locked --release -p api -p bench
ifeq ($(DATABASE),postgresql)
	HESHAN_TEST_POSTGRES_FSYNC=on scripts/with-postgres sh -c '$(measure_county) --postgres "$$HESHAN_TEST_POSTGRES"'
else
	$(measure_county)
endif

$(generated):
	python3 bench/county/generate.py --persons $(PERSONS) --seed $(SEED) --out $@

# Links the generated county twice, the second time with every question answered from the truth, and scores both.
bench-link:
	@scripts/check-toolchain
	cargo build --locked --release -p api
	bench/county/link-and-score $(PERSONS) $(SEED)

openapi:
	$(build)
	$(program) openapi > openapi.yaml.new
	mv openapi.yaml.new openapi.yaml

fmt:
	cargo fmt --all
