DROP INDEX "tasks"."operations_to_queue";--> statement-breakpoint
DROP INDEX "tasks"."runs_to_prune";--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "turn" bigint;--> statement-breakpoint
UPDATE "tasks"."operations" SET "turn" = "position";--> statement-breakpoint
ALTER TABLE "tasks"."operations" ALTER COLUMN "turn" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "operations_to_take" ON "tasks"."operations" USING btree ("turn","id") WHERE status = 'pending' and ready;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_a_device" ON "tasks"."operations" USING btree ("device_id") WHERE status = 'running';--> statement-breakpoint
CREATE INDEX "runs_unfinished" ON "tasks"."runs" USING btree ("id") WHERE finished_at is null;--> statement-breakpoint
ALTER TABLE "tasks"."runs" DROP COLUMN "pruned_at";