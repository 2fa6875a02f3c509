import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { ServiceInstancesSearch } from "./search.ts";

export const serviceInstancesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/service-instances",
	validateSearch: ServiceInstancesSearch,
	staticData: { needs: "stacks:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
