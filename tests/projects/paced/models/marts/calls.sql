{{ config(materialized="incremental") }}
select
    '{{ var("data_interval_start", "") }}' as interval_start,
    '{{ var("data_interval_end", "") }}' as interval_end,
    '{{ var("note", "") }}' as note
