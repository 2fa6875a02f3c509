-- drizzle-kit cannot write these: trigram indexes, for `like '%…%'`. Texts of more than a megabyte are looked through one by one.
CREATE INDEX "search_texts_trgm" ON "backup"."search_texts" USING gin ("folded" gin_trgm_ops) WHERE NOT "big";--> statement-breakpoint
CREATE INDEX "search_texts_big" ON "backup"."search_texts" ("content_id") WHERE "big";--> statement-breakpoint
CREATE INDEX "backups_device_name_trgm" ON "backup"."backups" USING gin ("device_name" gin_trgm_ops);
