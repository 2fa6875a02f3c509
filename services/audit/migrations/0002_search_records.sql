ALTER TABLE "records" ADD COLUMN "resource_name" text;--> statement-breakpoint
ALTER TABLE "records" ADD COLUMN "summary" text NOT NULL DEFAULT '';--> statement-breakpoint
-- Filled from what was hashed, which stays as it is. Escapes that a text column does not hold are replaced as they are for new records.
ALTER TABLE "records" DISABLE TRIGGER records_append_only;--> statement-breakpoint
GRANT UPDATE ON "records" TO CURRENT_USER;--> statement-breakpoint
UPDATE "records" r SET
	"summary" = left(c.content ->> 'summary', 200),
	"resource_name" = left(c.content ->> 'resource_name', 200)
FROM (
	SELECT position, regexp_replace(content, '(?<!\\)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'g')::json AS content FROM "records"
) c WHERE c.position = r.position;--> statement-breakpoint
REVOKE UPDATE ON "records" FROM CURRENT_USER;--> statement-breakpoint
ALTER TABLE "records" ENABLE ALWAYS TRIGGER records_append_only;--> statement-breakpoint
ALTER TABLE "records" ALTER COLUMN "summary" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "records" ADD COLUMN "search_text" text GENERATED ALWAYS AS (lower(summary || ' ' || actor_name || ' ' || coalesce(resource_name, '') || ' ' || coalesce(resource_id, ''))) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "records_search_trgm" ON "records" USING gin ("search_text" gin_trgm_ops);
