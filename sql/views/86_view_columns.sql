-- A column that a view takes over without a comment of its own means what it means in the table.

DO $$
DECLARE shown record;
BEGIN
    -- Views may show columns of views.
    FOR depth IN 1..3 LOOP
        FOR shown IN
            SELECT view_class.oid::regclass AS relation, attribute.attname,
                min(col_description(base.oid, base_attribute.attnum)) AS meaning
            FROM pg_class AS view_class
            INNER JOIN pg_attribute AS attribute ON attribute.attrelid = view_class.oid AND attribute.attnum > 0
            INNER JOIN information_schema.view_column_usage AS used
                ON used.view_schema = 'codeio' AND used.view_name = view_class.relname
                    AND used.column_name = attribute.attname
            INNER JOIN pg_class AS base
                ON base.relname = used.table_name AND base.relnamespace = view_class.relnamespace
            INNER JOIN pg_attribute AS base_attribute
                ON base_attribute.attrelid = base.oid AND base_attribute.attname = used.column_name
            WHERE view_class.relkind = 'v' AND view_class.relnamespace = 'codeio'::regnamespace
                AND col_description(view_class.oid, attribute.attnum) IS NULL
            GROUP BY view_class.oid, attribute.attname
            HAVING count(DISTINCT col_description(base.oid, base_attribute.attnum)) = 1
        LOOP
            EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', shown.relation, shown.attname, shown.meaning);
        END LOOP;
    END LOOP;
END $$;
