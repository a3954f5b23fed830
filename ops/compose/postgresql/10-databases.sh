#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: a user each for Temporal and for the orders' services.
set -eu
psql --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
  --set=temporal_password="$TEMPORAL_DB_PASSWORD" --set=orders_password="$ORDERS_DB_PASSWORD" <<'SQL'
create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create role orders login password :'orders_password';
create database orders owner orders;
SQL
