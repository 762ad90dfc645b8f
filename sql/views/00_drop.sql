-- Begins anew: drops every trigger, view, function and grant of the schema, which the files after this one create.
-- Runs before new migrations too, so that no view is in the way of a change of its tables.

DO $$
DECLARE dropped record;
BEGIN
    FOR dropped IN
        SELECT format('DROP TRIGGER %I ON %s', pg_trigger.tgname, pg_trigger.tgrelid::regclass) AS statement
        FROM pg_trigger
        INNER JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid
        WHERE pg_class.relnamespace = to_regnamespace('codeio') AND NOT pg_trigger.tgisinternal
    LOOP
        EXECUTE dropped.statement;
    END LOOP;
    -- Functions that read views go with them; on neither does a table depend.
    FOR dropped IN
        SELECT format('DROP VIEW IF EXISTS codeio.%I CASCADE', pg_class.relname) AS statement
        FROM pg_class WHERE pg_class.relnamespace = to_regnamespace('codeio') AND pg_class.relkind = 'v'
    LOOP
        EXECUTE dropped.statement;
    END LOOP;
    FOR dropped IN
        -- All are named before the first is dropped: those that call it go with it.
        SELECT unnest(array_agg(format('DROP ROUTINE IF EXISTS %s CASCADE', pg_proc.oid::regprocedure))) AS statement
        FROM pg_proc WHERE pg_proc.pronamespace = to_regnamespace('codeio')
    LOOP
        EXECUTE dropped.statement;
    END LOOP;
    IF to_regnamespace('codeio') IS NOT NULL THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA codeio FROM codeio_app, codeio_auditor;
    END IF;
END $$;
