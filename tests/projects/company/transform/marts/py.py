def model(dbt, session):
    dbt.config(materialized="table", packages=["pandas"])
    return dbt.ref("fct")
