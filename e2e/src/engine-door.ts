import { alertsApi } from "@netconductor/contracts/alerts/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { createServiceClient } from "@netconductor/runtime/host/client";
import { createHttpTransport } from "@netconductor/runtime/host/http-transport";
import { createServiceTokens } from "@netconductor/runtime/host/service-token";
import { deriveKey, loadMasterKeys } from "@netconductor/runtime/master-key";
import type { Product } from "./product.ts";

export interface EngineDoor {
	alerts: Client<typeof alertsApi>;
	close(): Promise<void>;
}

/** Speaks to the services of a running product as its engine does: on the internal port, with a token made from the master key. */
export async function openEngineDoor({
	data_dir,
	internalUrl,
}: Pick<Product, "data_dir" | "internalUrl">): Promise<EngineDoor> {
	const { current } = await loadMasterKeys({ data_dir });
	const transport = createHttpTransport({
		service: "alerts",
		base_urls: [internalUrl("alerts")],
		tokens: createServiceTokens("tasks", deriveKey(current, "service tokens")),
	});
	const caller: CallerContext = {
		actor: { kind: "service", id: "service:tasks", name: "tasks", permissions: ["*"] },
	};
	const client = createServiceClient(alertsApi, transport) as unknown as Record<
		string,
		(input: unknown, caller: CallerContext) => unknown
	>;
	return {
		alerts: Object.fromEntries(
			Object.keys(alertsApi.operations).map((name) => [name, (input: unknown) => client[name]?.(input, caller)]),
		) as never,
		close: () => transport.close(),
	};
}
