-- By which gates was each release judged, and with what result?
SELECT release.name, release.version, release.status, gate.gate, gate.passed, gate.metric, gate.value,
    gate.threshold, gate.judged_at
FROM codeio.current_gate_result AS gate
INNER JOIN codeio.release USING (release_id)
ORDER BY release.name, release.version, gate.gate;
