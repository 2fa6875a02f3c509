DROP INDEX "tasks"."operations_to_take";--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "worker_pool" text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks"."procedures" ADD COLUMN "worker_pool" text DEFAULT 'default' NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks"."workers" ADD COLUMN "pool" text DEFAULT 'default' NOT NULL;--> statement-breakpoint
CREATE INDEX "operations_to_take_of_pool" ON "tasks"."operations" USING btree ("worker_pool","turn","id") WHERE status = 'pending' and ready;