{% macro fahrenheit(column) %}({{ column }} * 9 / 5 + 32)::number(10, 1){% endmacro %}
