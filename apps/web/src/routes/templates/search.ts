import { TemplateType } from "@netconductor/contracts/config/templates";
import { DeviceTypeId, Tag } from "@netconductor/contracts/devices/model";
import { z } from "zod";
import { listOf, listSearch } from "../../ui/table/list-search.ts";

const orders = ["name", "type", "updated_at", "created_at"] as const;

export const TemplatesSearch = listSearch(
	z.enum([...orders, ...orders.map((order) => `-${order}` as const)]).default("name"),
	{ type: listOf(TemplateType), tag: listOf(Tag), platform: DeviceTypeId },
);
