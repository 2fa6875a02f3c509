CREATE OR REPLACE FUNCTION follow_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- Records that came together are appended together: the head moves to the last of them, over a gap never.
	IF NEW.position <= OLD.position
		OR NOT EXISTS (SELECT FROM records r WHERE r.position = NEW.position AND r.hash = NEW.hash)
		OR (SELECT count(*) FROM records r WHERE r.position > OLD.position AND r.position <= NEW.position) <> NEW.position - OLD.position
	THEN
		RAISE EXCEPTION 'the head of the audit chain only moves on to the record just appended' USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;
