-- drizzle-kit cannot write this one: a trigram index, for `name ilike '%…%'`.
CREATE INDEX "plants_name_trgm" ON "garden"."plants" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "plants_history" ON "garden"."plants" ("planted_at" DESC, "id" DESC);
