-- Every table's count and digest and nothing else (docs/adr/0012). It reads as a role that nobody can log in as, that may
-- read everything and write nothing, and that sees through row security: what is not counted is not proven.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'seawall_reader') THEN CREATE ROLE seawall_reader NOLOGIN; END IF;
END $$;
ALTER ROLE seawall_reader BYPASSRLS;
GRANT pg_read_all_data TO seawall_reader;
CREATE OR REPLACE FUNCTION seawall.fingerprint() RETURNS TABLE (relation text, rows bigint, digest numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE one text;
BEGIN
  FOR one IN SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1
  LOOP
    RETURN QUERY EXECUTE format(
      'SELECT %L::text, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ONLY %s t', one, one);
  END LOOP;
END $$;
ALTER FUNCTION seawall.fingerprint() OWNER TO seawall_reader;
REVOKE ALL ON FUNCTION seawall.fingerprint() FROM PUBLIC;
