ALTER TABLE "backup"."backups" ADD COLUMN "raw_delta_against" text;--> statement-breakpoint
-- drizzle-kit cannot write these: what is packed or sealed does not get smaller by trying again.
ALTER TABLE "backup"."backups" ALTER COLUMN "raw_delta" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "backup"."contents" ALTER COLUMN "masked" SET STORAGE EXTERNAL, ALTER COLUMN "normalised" SET STORAGE EXTERNAL, ALTER COLUMN "raw" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "backup"."blames" ALTER COLUMN "origins" SET STORAGE EXTERNAL;
