-- Sends every CT series to segcanary's listener once it is complete ("StableAge" of Orthanc's
-- configuration, in seconds). What segcanary sends back comes by C-STORE like anything else; it is
-- told by its modality (SEG, SR, OT), so that nothing goes round in a circle.
--
-- In Orthanc's configuration:
--   "LuaScripts" : [ "segcanary.lua" ],
--   "DicomModalities" : { "segcanary" : [ "SEGCANARY", "127.0.0.1", 11112 ] }

local modalities = { CT = true }

function OnStableSeries(series, tags, metadata, origin)
  if modalities[tags.Modality] then
    SendToModality(series, 'segcanary')
  end
end
