SELECT id, upper(full_name) AS upper, ssn || '!' AS suffixed, substr(ssn, 1, 3) AS part, md5(ssn) AS md5, length(note) AS length,
  concat_ws('|', id, phone) AS joined, CASE WHEN id > 3 THEN email END AS some
FROM public.patients WHERE id <= 5 ORDER BY id
