-- What became of every file that each source ever showed? `none` must be 0, and `counted` what the pages say of `kept`
-- and `dropped`.
SELECT source.kind || ':' || source.locator AS source,
    count(*) FILTER (WHERE origin_state.state = 'kept') AS kept,
    count(*) FILTER (WHERE origin_state.state = 'dropped') AS dropped,
    count(*) FILTER (WHERE origin_state.state = 'waiting') AS waiting,
    count(*) FILTER (WHERE origin_state.state = 'none') AS none,
    counted.kept_or_dropped AS counted
FROM codeio.origin_state
INNER JOIN codeio.source USING (source_id)
LEFT JOIN LATERAL (
    SELECT sum(CASE stage_run_tally.outcome WHEN 'set_aside' THEN -rows ELSE rows END)::bigint AS kept_or_dropped
    FROM codeio.stage_run_tally
    WHERE stage_run_tally.source_id = source.source_id AND stage_run_tally.outcome IN ('seen', 'set_aside', 'dropped')
) AS counted ON true
GROUP BY source.source_id, counted.kept_or_dropped
ORDER BY none DESC, source;
