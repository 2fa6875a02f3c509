import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { AddDeviceTypeSearch } from "./search.ts";

export const addDeviceTypeRoute = createRoute({
	getParentRoute: () => framed,
	path: "/add-device-type",
	validateSearch: AddDeviceTypeSearch,
	staticData: { needs: "devices:write" },
}).lazy(() => import("./add-page.tsx").then(({ route }) => route));
