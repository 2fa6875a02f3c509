ALTER TABLE "device_groups" ADD COLUMN "worker_pool" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "worker_pool" text;--> statement-breakpoint
CREATE INDEX "devices_by_worker_pool" ON "devices" USING btree ("worker_pool") WHERE worker_pool is not null;