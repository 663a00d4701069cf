export type { Engine, ToolSettings } from './engine.js'
