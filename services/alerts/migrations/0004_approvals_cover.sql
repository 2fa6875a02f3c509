ALTER TABLE "approvals" ADD COLUMN "cover_device_ids" uuid[];--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "cover_groups" text[];