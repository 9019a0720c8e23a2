SELECT id, mrn, full_name, birth_date, birth_year, ssn, phone, email, portal_id, insurance, allergies, note, created_at
FROM public.patients WHERE id <= 25 ORDER BY id
