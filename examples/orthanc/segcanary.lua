-- Sends every CT series to segcanary's listener once it is complete ("StableAge" of Orthanc's
-- configuration, in seconds). What segcanary sends back comes by C-STORE like anything else, its
-- map as CT like its source: it is told by its manufacturer, so that nothing goes round in a circle.
--
-- In Orthanc's configuration:
--   "LuaScripts" : [ "segcanary.lua" ],
--   "DicomModalities" : { "segcanary" : [ "SEGCANARY", "127.0.0.1", 11112 ] }

local modalities = { CT = true }

function OnStableSeries(series, tags, metadata, origin)
  if modalities[tags.Modality] and tags.Manufacturer ~= 'segcanary' then
    -- SendToModality would take instances alone. A job, so that Orthanc does not wait for its end.
    RestApiPost('/modalities/segcanary/store', DumpJson({ Resources = { series }, Synchronous = false }))
  end
end
