import { useLocalStorage } from "@mantine/hooks";
import { useEffect } from "react";

export type Density = "compact" | "comfortable";

/** How close rows stand; kept in this browser. public/before-paint.js reads it too. */
export function useDensity(): [Density, (density: Density) => void] {
	const [density, setDensity] = useLocalStorage<Density>({
		key: "netconductor.density",
		defaultValue: "compact",
		getInitialValueInEffect: false,
		serialize: (value) => value,
		deserialize: (value) => (value === "comfortable" ? "comfortable" : "compact"),
	});
	useEffect(() => document.documentElement.setAttribute("data-density", density), [density]);
	return [density, setDensity];
}
