export type { Engine, Tool, ToolSettings } from './engine.js'
export { programOf } from './engine-errors.js'
export type { EngineSettings, ThrottleWatch } from './supervise/desk-options.js'
export { createEngineDesk } from './supervise/engine-desk.js'
