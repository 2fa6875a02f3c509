CREATE TABLE "logout_tokens" (
	"hash" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "logout_tokens_by_expiry" ON "logout_tokens" USING btree ("expires_at");