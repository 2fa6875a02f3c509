ALTER TABLE "scheduling"."occurrences" ADD COLUMN "run_as_groups" text[];--> statement-breakpoint
ALTER TABLE "scheduling"."schedules" ADD COLUMN "cover_device_ids" uuid[];--> statement-breakpoint
ALTER TABLE "scheduling"."schedules" ADD COLUMN "cover_groups" text[];