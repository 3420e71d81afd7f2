{{ config(materialized='incremental', unique_key='id', on_schema_change='append_new_columns', incremental_strategy='delete+insert', cluster_by=['d'], tags=["daily"]) }}
select 1 as id, current_date as d, {{ var('window') | int }} as w from {{ ref('stg_orders') }}
{% if is_incremental() %} where d > (select max(d) from {{ this }}) {% endif %}