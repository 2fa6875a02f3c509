import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { DeviceTypeSearch } from "./search.ts";

export const deviceTypeRoute = createRoute({
	getParentRoute: () => framed,
	path: "/device-types/$id",
	validateSearch: DeviceTypeSearch,
	staticData: { needs: "devices:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
